/** Which way a joint's position grows, drawn at the joint: an arc about its axis, or a straight arrow along it. */

import * as THREE from 'three';

const COLOUR = 0xffb938;
const ARC = 1.5 * Math.PI; // [rad]
const SIZE = 0.13; // of the arm
const UP = new THREE.Vector3(0, 0, 1);

export class DirectionArrow {
  constructor() {
    /** @type {import('urdf-loader').URDFJoint | undefined} */
    this.joint = undefined;
    this.root = new THREE.Group();
    // Over everything, since the joint itself would hide it.
    this.material = new THREE.MeshBasicMaterial({ color: COLOUR, depthTest: false, transparent: true, opacity: 0.9, fog: false });
  }

  /**
   * @param {import('urdf-loader').URDFJoint | undefined} joint where to show it; nowhere without one
   * @param {number} reach the arm's size [m]
   * @returns {boolean} whether another joint has it now
   */
  show(joint, reach) {
    const isNew = joint !== this.joint;
    if (isNew) this.draw(joint, SIZE * reach);
    if (joint) this.follow(joint);
    return isNew;
  }

  /** @param {import('urdf-loader').URDFJoint | undefined} joint @param {number} size [m] */
  draw(joint, size) {
    this.joint = joint;
    this.root.clear();
    if (joint) this.root.add(...(joint.jointType === 'prismatic' ? this.straight(size) : this.turning(size)));
  }

  /** Stay at the joint, without turning with it. @param {import('urdf-loader').URDFJoint} joint */
  follow(joint) {
    joint.updateWorldMatrix(true, false);
    joint.matrixWorld.decompose(this.root.position, this.root.quaternion, this.root.scale);
    this.root.quaternion.multiply(new THREE.Quaternion().setFromUnitVectors(UP, joint.axis.clone().normalize()));
    if (joint.jointType !== 'prismatic') this.root.rotateZ(-Number(joint.angle));
  }

  /** @param {number} size [m] along the axis */
  straight(size) {
    const shaft = this.part(new THREE.CylinderGeometry(0.05 * size, 0.05 * size, size));
    shaft.rotation.x = Math.PI / 2;
    shaft.position.z = size / 2;
    const head = this.head(size);
    head.rotation.x = Math.PI / 2;
    head.position.z = size;
    return [shaft, head];
  }

  /** @param {number} size radius [m], by the right hand about the axis */
  turning(size) {
    const arc = this.part(new THREE.TorusGeometry(size, 0.05 * size, 8, 48, ARC));
    const head = this.head(size);
    head.position.set(size * Math.cos(ARC), size * Math.sin(ARC), 0);
    head.rotation.z = ARC;
    const axis = this.part(new THREE.CylinderGeometry(0.025 * size, 0.025 * size, 2.4 * size));
    axis.rotation.x = Math.PI / 2;
    return [arc, head, axis];
  }

  /** @param {number} size [m] */
  head(size) {
    return this.part(new THREE.ConeGeometry(0.17 * size, 0.45 * size, 20));
  }

  /** @param {THREE.BufferGeometry} geometry */
  part(geometry) {
    const mesh = new THREE.Mesh(geometry, this.material);
    mesh.renderOrder = 1;
    return mesh;
  }
}
