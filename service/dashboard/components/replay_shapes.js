// MuJoCo's shapes as three.js has them: z is up, and sizes are half lengths.

import { THREE } from "nicegui-scene";

const ROUND = 16;
const CAP = 4;

const BUILD = {
  sphere: ([radius]) => new THREE.SphereGeometry(radius, ROUND, ROUND / 2),
  ellipsoid: (size) => new THREE.SphereGeometry(1, ROUND, ROUND / 2).scale(...size),
  capsule: ([radius, half]) => new THREE.CapsuleGeometry(radius, 2 * half, CAP, ROUND).rotateX(Math.PI / 2),
  cylinder: ([radius, half]) => new THREE.CylinderGeometry(radius, radius, 2 * half, ROUND).rotateX(Math.PI / 2),
  box: (size) => new THREE.BoxGeometry(...size.map((half) => 2 * half)),
};

/** Shapes and their surfaces, each made once for all geoms that share it, and given back by `dispose`. */
export class Shapes {
  #meshes;
  #made = new Map();

  constructor(meshes) {
    this.#meshes = meshes;
  }

  /** A geom as an object at its pose within its link; null where its kind cannot be drawn. */
  drawn(geom) {
    const geometry = this.#geometry(geom);
    if (!geometry) return null;
    const object = new THREE.Mesh(geometry, this.#surface(geom));
    place(object, geom.pose);
    return object;
  }

  dispose() {
    for (const thing of this.#made.values()) thing?.dispose();
    this.#made.clear();
  }

  #once(key, make) {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key);
  }

  #geometry({ kind, size, mesh }) {
    if (kind === "mesh") return this.#once(`mesh ${mesh}`, () => this.#mesh(mesh));
    if (!Object.hasOwn(BUILD, kind)) return null;
    return this.#once(`${kind} ${size}`, () => BUILD[kind](size));
  }

  #mesh(index) {
    const mesh = this.#meshes[index];
    if (!mesh) return null;
    const geometry = new THREE.BufferGeometry();
    geometry.setAttribute("position", new THREE.BufferAttribute(mesh.vertices, 3));
    return geometry.setIndex(new THREE.BufferAttribute(mesh.faces, 1));
  }

  #surface({ kind, colour }) {
    const flatShading = kind === "mesh"; // their vertices have no normals, and most have edges
    return this.#once(`surface ${flatShading} ${colour}`, () => {
      const [red, green, blue, alpha] = colour;
      return new THREE.MeshLambertMaterial({
        color: new THREE.Color().setRGB(red, green, blue, THREE.SRGBColorSpace),
        flatShading,
        opacity: alpha,
        transparent: alpha < 1,
        depthWrite: alpha === 1,
      });
    });
  }
}

/** Puts a thing that will not move again where a pose says: x, y, z, then a quaternion w, x, y, z. */
export function place(object, [x, y, z, qw, qx, qy, qz]) {
  object.position.set(x, y, z);
  object.quaternion.set(qx, qy, qz, qw).normalize();
  object.updateMatrix();
  object.matrixAutoUpdate = false;
}
