import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as THREE from 'three';
import { DirectionArrow } from '../src/arrow.js';

const AXES = [[0, 0, 1], [0, 0, -1], [0, 1, 0], [0.6, 0, -0.8]];

/** @returns {any} a joint in a turned frame, as urdf-loader makes it */
function joint(axis, jointType = 'revolute', angle = 0) {
  const made = new THREE.Object3D();
  made.position.set(0.1, 0.2, 0.3);
  made.rotation.set(0.4, -0.3, 0.2);
  made.rotateOnAxis(new THREE.Vector3(...axis), angle);
  return Object.assign(made, { axis: new THREE.Vector3(...axis), jointType, angle });
}

/** Where the head is, and where it points, in the world. */
function head(arrow) {
  arrow.root.updateMatrixWorld(true);
  const cone = arrow.root.children.find(({ geometry }) => geometry.type === 'ConeGeometry');
  const at = cone.getWorldPosition(new THREE.Vector3());
  const tip = new THREE.Vector3(0, 1, 0).applyQuaternion(cone.getWorldQuaternion(new THREE.Quaternion()));
  return { at, tip };
}

const near = (one, other) => assert.ok(one.distanceTo(other) < 1e-6, `${one.toArray()} is not ${other.toArray()}`);

test('the arrow points where a joint turns as its position grows', () => {
  for (const axis of AXES) {
    const arrow = new DirectionArrow();
    const turned = joint(axis);
    assert.equal(arrow.show(turned, 1), true);
    const { at, tip } = head(arrow);
    const about = turned.axis.clone().applyQuaternion(turned.quaternion);
    near(tip, about.cross(at.sub(turned.position)).normalize());
  }
});

test('the arrow stays where it is while the joint turns', () => {
  const arrow = new DirectionArrow();
  arrow.show(joint(AXES[3]), 1);
  const before = head(arrow);
  arrow.show(joint(AXES[3], 'revolute', 0.7), 1);
  near(head(arrow).at, before.at);
});

test('the arrow of a joint that slides points along its axis, from where it is', () => {
  const arrow = new DirectionArrow();
  const sliding = joint(AXES[1], 'prismatic', 0);
  arrow.show(sliding, 1);
  near(head(arrow).tip, sliding.axis.clone().applyQuaternion(sliding.quaternion));
});

test('without a joint that is asked for there is no arrow', () => {
  const arrow = new DirectionArrow();
  const asked = joint(AXES[0]);
  arrow.show(asked, 1);
  assert.equal(arrow.show(asked, 1), false);
  assert.equal(arrow.show(undefined, 1), true);
  assert.equal(arrow.root.children.length, 0);
});
