/** The live arm in 3D, drawn from its URDF; drawn again only when something has moved. */

import * as THREE from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import URDFLoader from 'urdf-loader';
import { DirectionArrow } from './arrow.js';
import { Meshes } from './meshes.js';

const MOVED = 1e-4; // [rad] or [m]
const GHOST = 0.03; // [rad] or [m] between commanded and measured, from which the ghost is shown
const HEADROOM = 1.55; // an arm that is stretched out upwards is seen whole, and some air
const PALE = 0.16; // opacity of what hangs on a joint without a reading

/** Canvas, camera and the two robots: what was read, and what is commanded. */
export class ArmView {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import('./types').Model} model
   */
  constructor(canvas, model) {
    this.canvas = canvas;
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.renderer.shadowMap.enabled = true;
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera(35, 1, 0.01, 50);
    this.camera.up.set(0, 0, 1);
    this.orbit = new OrbitControls(this.camera, canvas);
    this.isTouched = false;
    this.orbit.addEventListener('change', () => this.request());
    this.orbit.addEventListener('start', () => (this.isTouched = true));
    this.stage = new THREE.Group();
    this.reach = 0.1; // [m]; its meshes decide it
    this.grid = new THREE.GridHelper();
    this.absent = '';
    this.absence = '';
    this.height = 0; // of the arm at its highest so far, with some air [m]
    this.isRequested = false;
    this.meshes = new Meshes(model, () => this.fit());
    this.arrow = new DirectionArrow();
    /** @type {string | null} */
    this.asked = null;
    this.robot = this.load(model.urdf, dress);
    this.ghost = this.load(model.urdf, makeGhost);
    this.ghost.visible = false;
    this.scene.add(this.robot, this.ghost, this.stage, this.arrow.root);
    this.fit();
    /** @type {HTMLElement} */ (document.getElementById('view-reset')).onclick = () => this.reset();
    new ResizeObserver(() => this.resize()).observe(/** @type {Element} */ (canvas.parentElement));
    matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => this.paint());
  }

  /**
   * @param {string} urdf
   * @param {(part: THREE.Object3D) => void} finish what is shown, as it arrives
   */
  load(urdf, finish) {
    const loader = new URDFLoader();
    loader.loadMeshCb = (address, _manager, material, done) => {
      void this.meshes.add(address, material, (part) => {
        done(part);
        finish(part);
      });
    };
    const robot = loader.parse(this.meshes.localise(urdf));
    finish(robot);
    return robot;
  }

  /** Floor, lights and camera for the arm's size, which its meshes decide. */
  fit() {
    this.stage.clear();
    const size = this.extent().getSize(new THREE.Vector3()).length();
    this.reach = Math.max(size, stretch(this.robot), 0.1);
    this.height = 0;
    this.light();
    this.grid = this.floor();
    if (!this.isTouched) this.reset();
    this.absent = '?'; // what has arrived may have to be pale
    this.paint();
    this.writeNote();
  }

  /** Lights that fit the arm's size. */
  light() {
    const { reach } = this;
    const key = new THREE.DirectionalLight(0xffffff, 2.2);
    key.position.set(0.8 * reach, -1.1 * reach, 2 * reach);
    key.castShadow = true;
    key.shadow.mapSize.set(1024, 1024);
    key.shadow.radius = 5;
    key.shadow.normalBias = 0.004 * reach;
    Object.assign(key.shadow.camera, { left: -reach, right: reach, top: reach, bottom: -reach, far: 5 * reach });
    const fill = new THREE.DirectionalLight(0xbfd8ff, 0.7);
    fill.position.set(-reach, reach, 0.6 * reach);
    this.stage.add(key, fill, new THREE.HemisphereLight(0xffffff, 0x5a6470, 1.3));
  }

  /** A floor of 0.1 m squares that takes the shadow. */
  floor() {
    const side = Math.max(1, Math.ceil(this.reach * 2));
    const grid = new THREE.GridHelper(side, side * 10);
    grid.rotation.x = Math.PI / 2;
    const shadow = new THREE.Mesh(new THREE.PlaneGeometry(side, side), new THREE.ShadowMaterial({ opacity: 0.25 }));
    shadow.position.z = -0.001;
    shadow.receiveShadow = true;
    const axes = new THREE.AxesHelper(0.12 * this.reach);
    axes.position.z = 0.002;
    this.stage.add(grid, shadow, axes);
    return grid;
  }

  /** Colours of the page's theme. */
  paint() {
    const style = getComputedStyle(this.canvas);
    const material = /** @type {THREE.LineBasicMaterial} */ (this.grid.material);
    material.vertexColors = false;
    material.color.set(style.getPropertyValue('--grid').trim());
    material.needsUpdate = true;
    const horizon = style.getPropertyValue('--sky-top').trim();
    this.scene.fog = new THREE.Fog(horizon, 2.2 * this.reach, 4.2 * this.reach);
    this.request();
  }

  /** The space from the base's origin to all of the arm as it stands, and as it shall. */
  extent() {
    const space = new THREE.Box3().setFromObject(this.robot).expandByPoint(this.robot.position);
    return this.ghost.visible ? space.union(new THREE.Box3().setFromObject(this.ghost)) : space;
  }

  /** Go back as far as an arm that has risen needs it, and never nearer again. */
  standBack() {
    if (this.isTouched) return;
    const height = HEADROOM * this.extent().max.z;
    if (height <= Math.max(this.height, this.reach)) return;
    this.height = height;
    this.reset();
  }

  /** Look at the whole arm from the front left. */
  reset() {
    const reach = Math.max(this.reach, this.height);
    const target = this.asked === null ? new THREE.Vector3(0.1, 0, 0.33).multiplyScalar(reach) : this.middle();
    const direction = new THREE.Vector3(1, -0.95, 0.5).normalize();
    // What must be seen is about as wide as high: a narrow canvas needs more distance.
    const distance = (1.5 * reach) / Math.min(1, this.camera.aspect);
    this.orbit.target.copy(target);
    this.camera.position.copy(target).addScaledVector(direction, distance);
    this.orbit.update();
    this.request();
  }

  /** Where the arm is as it stands. */
  middle() {
    return new THREE.Box3().setFromObject(this.robot).getCenter(new THREE.Vector3());
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / Math.max(height, 1);
    this.camera.updateProjectionMatrix();
    if (!this.isTouched) this.reset();
    this.request();
  }

  request() {
    if (this.isRequested) return;
    this.isRequested = true;
    requestAnimationFrame(() => {
      this.isRequested = false;
      this.renderer.render(this.scene, this.camera);
    });
  }

  /**
   * @param {import('./types').JointView[]} readings
   * @param {string | null} asked joint whose positive direction is shown while the arm is calibrated; null: it is not
   */
  show(readings, asked) {
    let moved = false;
    let apart = false;
    for (const { name, position, commanded } of readings) {
      if (position !== null) moved = place(this.robot, name, position) || moved;
      if (commanded !== null) moved = place(this.ghost, name, commanded) || moved;
      apart ||= position !== null && commanded !== null && Math.abs(position - commanded) > GHOST;
    }
    moved = this.arrow.show(asked ? this.robot.joints[asked] : undefined, this.reach) || moved;
    moved = this.showGhost(apart) || moved;
    moved = this.showAbsence(readings.filter(({ position }) => position === null).map(({ name }) => name)) || moved;
    if (moved) {
      this.standBack();
      this.request();
    }
    if (asked === this.asked) return;
    this.asked = asked;
    if (!this.isTouched) this.reset();
  }

  /** @param {boolean} isShown */
  showGhost(isShown) {
    const legend = document.getElementById('view-legend');
    if (legend) legend.hidden = !isShown;
    const changed = this.ghost.visible !== isShown;
    this.ghost.visible = isShown;
    return changed;
  }

  /**
   * What hangs on a joint without a reading may be elsewhere: it is drawn pale, and the joint is named.
   *
   * @param {string[]} names
   */
  showAbsence(names) {
    const key = names.join(', ');
    if (key === this.absent) return false;
    this.absent = key;
    const which = names.length > 3 ? `${names.length} joints` : key.replaceAll('_', ' ');
    this.absence = key && `No reading of ${which}. Where the pale parts are is not known.`;
    this.writeNote();
    setOpacity(this.robot, 1);
    for (const name of names) setOpacity(this.robot.joints[name], PALE);
    return true;
  }

  writeNote() {
    const note = document.getElementById('view-note');
    if (!note) return;
    note.textContent = [this.absence, this.meshes.note].filter(Boolean).join(' ');
    note.title = this.meshes.reasons;
    note.hidden = !note.textContent;
  }
}

/** @param {THREE.Object3D} root */
function dress(root) {
  root.traverse((part) => {
    if (!(part instanceof THREE.Mesh)) return;
    part.material = Array.isArray(part.material) ? part.material.map(standard) : standard(part.material);
    part.castShadow = part.receiveShadow = true;
  });
}

/** @param {THREE.Material} material */
function standard(material) {
  const { color, map, vertexColors, side } = /** @type {THREE.MeshPhongMaterial} */ (material);
  return new THREE.MeshStandardMaterial({ color, map, vertexColors, side, roughness: 0.55, metalness: 0.15 });
}

/**
 * @param {import('urdf-loader').URDFRobot} robot
 * @param {string} name
 * @param {number} value
 */
function place(robot, name, value) {
  const joint = robot.joints[name];
  if (!joint || Math.abs(Number(joint.angle) - value) < MOVED) return false;
  joint.ignoreLimits = true; // what was read is shown, even where it should not be
  robot.setJointValue(name, value);
  return true;
}

/** @param {THREE.Object3D} robot */
function makeGhost(robot) {
  // Pushed back a little, so that it does not tint the arm where both lie in the same place.
  const behind = { polygonOffset: true, polygonOffsetFactor: 4, polygonOffsetUnits: 4 };
  const style = { color: 0x3aa0ff, transparent: true, opacity: 0.25, depthWrite: false };
  const material = new THREE.MeshBasicMaterial({ ...style, ...behind });
  robot.traverse((part) => {
    if (!(part instanceof THREE.Mesh)) return;
    part.material = material;
    part.castShadow = part.receiveShadow = false;
  });
}

/**
 * How far an arm reaches when it is stretched out, as it need not be at zero: its longest chain of joints.
 *
 * @param {THREE.Object3D} robot
 */
function stretch(robot) {
  let longest = 0;
  robot.traverse((part) => {
    let length = 0;
    for (let at = part; at !== robot && at.parent; at = at.parent) length += at.position.length();
    longest = Math.max(longest, length);
  });
  return longest;
}

/**
 * @param {THREE.Object3D | undefined} root
 * @param {number} opacity
 */
function setOpacity(root, opacity) {
  root?.traverse((part) => {
    if (!(part instanceof THREE.Mesh)) return;
    for (const material of [part.material].flat()) {
      Object.assign(material, { opacity, transparent: opacity < 1, depthWrite: opacity === 1, needsUpdate: true });
    }
    part.castShadow = opacity === 1;
  });
}
