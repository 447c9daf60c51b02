// A plane as a floor of squares in the page's colours.

import { THREE } from "nicegui-scene";
import { place } from "replay_shapes";

/**
 * What MuJoCo lets nothing fall through is endless, whatever size it is drawn with: a plane that reaches out of sight goes along
 * with the robot, by whole squares, so that it seems to stand.
 */
export class Floor {
  #object;
  #texture;
  #endless;
  #square;
  #there = new THREE.Vector3();

  constructor({ pose, size }, square, sight) {
    this.#square = square;
    this.#endless = [0, 1].map((axis) => size[axis] === 0 || size[axis] > sight);
    // An even number of squares, so that the pattern begins where the plane has its middle.
    const halves = this.#endless.map((endless, axis) => (endless ? 2 * square * Math.ceil(sight / square) : size[axis]));
    this.#texture = new THREE.DataTexture(new Uint8Array(16), 2, 2);
    this.#texture.wrapS = this.#texture.wrapT = THREE.RepeatWrapping;
    this.#texture.minFilter = THREE.LinearMipmapLinearFilter;
    this.#texture.generateMipmaps = true;
    this.#texture.anisotropy = 4;
    this.#texture.colorSpace = THREE.SRGBColorSpace;
    this.#texture.repeat.set(...halves.map((half) => half / square));
    const geometry = new THREE.PlaneGeometry(2 * halves[0], 2 * halves[1]);
    this.#object = new THREE.Mesh(geometry, new THREE.MeshBasicMaterial({ map: this.#texture }));
    this.group = new THREE.Group().add(this.#object);
    place(this.group, pose);
    this.group.updateMatrixWorld();
  }

  /** Keeps what is endless around a point of the world. */
  around(point) {
    this.group.worldToLocal(this.#there.copy(point));
    const whole = (metres) => 2 * this.#square * Math.round(metres / (2 * this.#square)) || 0;
    this.#object.position.set(
      this.#endless[0] ? whole(this.#there.x) : 0,
      this.#endless[1] ? whole(this.#there.y) : 0,
      0,
    );
  }

  paint({ raised, line }) {
    const bytes = [raised, line, line, raised].flatMap((colour) => {
      const hexadecimal = new THREE.Color(colour).getHex();
      return [hexadecimal >> 16, (hexadecimal >> 8) & 255, hexadecimal & 255, 255];
    });
    this.#texture.image.data.set(bytes);
    this.#texture.needsUpdate = true;
  }

  dispose() {
    this.#object.geometry.dispose();
    this.#object.material.dispose();
    this.#texture.dispose();
  }
}
