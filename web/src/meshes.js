/** The meshes of an arm: each is loaded once, however often it is shown, and those that are lacking are named. */

import * as THREE from 'three';
import { ColladaLoader } from 'three/addons/loaders/ColladaLoader.js';
import { MTLLoader } from 'three/addons/loaders/MTLLoader.js';
import { OBJLoader } from 'three/addons/loaders/OBJLoader.js';
import { STLLoader } from 'three/addons/loaders/STLLoader.js';

const NAMED = 3; // meshes that are lacking

export class Meshes {
  /**
   * @param {import('./types').Model} model
   * @param {() => void} onSettled called when all that were asked for are there or lacking
   */
  constructor(model, onSettled) {
    this.model = model;
    this.onSettled = onSettled;
    /** @type {Map<string, Promise<THREE.Object3D>>} by address */
    this.loading = new Map();
    /** @type {Map<string, string>} why they are lacking, by the URDF's name */
    this.lacking = new Map();
    this.pending = 0;
  }

  /**
   * The URDF with the addresses of its meshes, and collision shapes for links that have no others.
   *
   * @param {string} urdf
   */
  localise(urdf) {
    const described = new DOMParser().parseFromString(urdf, 'text/xml');
    for (const link of described.querySelectorAll('robot > link')) showCollision(described, link);
    for (const element of described.querySelectorAll('visual > geometry > mesh, texture[filename]')) {
      const name = (element.getAttribute('filename') ?? '').trim();
      const address = this.model.meshes[name];
      if (address) element.setAttribute('filename', address);
      else this.drop(element, name);
    }
    return described;
  }

  /**
   * @param {Element} element
   * @param {string} name
   */
  drop(element, name) {
    this.lacking.set(name, this.model.missing_meshes[name] ?? 'it is not served');
    (element.closest('visual') ?? element).remove();
  }

  /**
   * @param {string} address
   * @param {THREE.Material} material of meshes that have none
   * @param {(part: THREE.Object3D) => void} done
   */
  async add(address, material, done) {
    this.pending += 1;
    try {
      if (!this.loading.has(address)) this.loading.set(address, read(address));
      const part = (await /** @type {Promise<THREE.Object3D>} */ (this.loading.get(address))).clone();
      if (!address.toLowerCase().endsWith('.dae')) paint(part, material);
      done(part);
    } catch (error) {
      const name = Object.entries(this.model.meshes).find(([, at]) => at === address)?.[0] ?? address;
      this.lacking.set(name, error instanceof Error ? error.message : String(error));
    }
    this.pending -= 1;
    if (!this.pending) this.onSettled();
  }

  /** What is lacking, in words; empty if nothing is. */
  get note() {
    const { size } = this.lacking;
    if (!size) return '';
    const all = new Set([...Object.keys(this.model.meshes), ...this.lacking.keys()]).size;
    const some = [...this.lacking.keys()].slice(0, NAMED).map((name) => name.split('/').pop());
    const more = size > NAMED ? `, and ${size - NAMED} more` : '';
    return `${size} of ${all} meshes could not be loaded: ${some.join(', ')}${more}.`;
  }

  /** Why, a line each. */
  get reasons() {
    return [...this.lacking].map(([name, why]) => `${name}: ${why}`).join('\n');
  }
}

/**
 * @param {Document} described
 * @param {Element} link
 */
function showCollision(described, link) {
  const children = [...link.children];
  if (children.some(({ nodeName }) => nodeName === 'visual')) return;
  for (const shape of children.filter(({ nodeName }) => nodeName === 'collision')) {
    const visual = described.createElementNS(link.namespaceURI, 'visual');
    visual.append(...[...shape.children].map((child) => child.cloneNode(true)));
    link.append(visual);
  }
}

/** @param {string} address @returns {Promise<THREE.Object3D>} */
async function read(address) {
  const kind = address.slice(address.lastIndexOf('.')).toLowerCase();
  if (kind === '.dae') return readCollada(address);
  if (kind === '.obj') return readObj(address);
  const geometry = await new STLLoader().loadAsync(address);
  return new THREE.Mesh(geometry);
}

/** @param {string} address */
async function readCollada(address) {
  const found = await new ColladaLoader().loadAsync(address);
  if (!found) throw new Error('it is no COLLADA file');
  const others = /** @type {THREE.Object3D[]} */ ([]);
  found.scene.traverse((part) => {
    if (part instanceof THREE.Light || part instanceof THREE.Camera) others.push(part);
  });
  others.forEach((part) => part.removeFromParent());
  return found.scene;
}

/** @param {string} address */
async function readObj(address) {
  const folder = address.slice(0, address.lastIndexOf('/') + 1);
  const text = /** @type {string} */ (await new THREE.FileLoader().loadAsync(address));
  const loader = new OBJLoader();
  const materials = /^\s*mtllib\s+(.+?)\s*$/m.exec(text)?.[1];
  if (materials) {
    try {
      const found = await new MTLLoader().loadAsync(folder + materials);
      found.preload();
      loader.setMaterials(found);
    } catch {
      // Without its colours it is shown in those of the URDF.
    }
  }
  return loader.parse(text);
}

/**
 * @param {THREE.Object3D} part
 * @param {THREE.Material} material
 */
function paint(part, material) {
  part.traverse((each) => {
    if (each instanceof THREE.Mesh && !hasName(each.material)) each.material = material;
  });
}

/** @param {THREE.Material | THREE.Material[]} material */
function hasName(material) {
  return [material].flat().some(({ name }) => name);
}
