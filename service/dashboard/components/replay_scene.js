// The picture of an episode: MuJoCo's geoms under a camera that one can turn.

import { THREE, OrbitControls } from "nicegui-scene";
import { Floor } from "replay_floor";
import { Shapes } from "replay_shapes";

/** Where the camera stands, as degrees around z from +x and above the ground. Robots go along +x. */
export const VIEWS = {
  aslant: { name: "aslant", around: -60, above: 20 },
  side: { name: "from the side", around: -90, above: 8 },
  front: { name: "from the front", around: 0, above: 8 },
  behind: { name: "from behind", around: 180, above: 8 },
  above: { name: "from above", around: -90, above: 89 },
};
const OPENING = 40;
const ROOM = 1.5; // so many times the robot fits into the picture
const SLOW_MS = 50;
const SIGHT = 30; // so many times its radius away the floor fades

/** What draws on a canvas; null where there is no WebGL. */
export function rendererOn(canvas) {
  try {
    return new THREE.WebGLRenderer({ canvas, antialias: true });
  } catch {
    return null;
  }
}

export class Scene {
  follow = true;
  #episode;
  #scene = new THREE.Scene();
  #links;
  #floors = [];
  #shapes;
  #renderer;
  #camera = new THREE.PerspectiveCamera(OPENING, 1);
  #controls;
  #place = 0;
  #pose = new Float32Array(7);
  #origin = new THREE.Vector3();
  #robot = new THREE.Vector3(); // where the followed link is
  #begun = new THREE.Vector3(); // where it was at first
  #followed;
  #xyz = [0, 0, 0];
  #drawn = 0;
  #pace = 0;
  #slow = false;
  #coarse = false;
  #width = 1;
  #height = 1;

  /** Draws with a renderer; `changed` is called when the camera was turned. */
  constructor(renderer, episode, meshes, changed) {
    this.#renderer = renderer;
    this.#episode = episode;
    this.#shapes = new Shapes(meshes);
    this.#links = episode.header.links.map(() => new THREE.Group());
    this.#scene.add(...this.#links, ...lights());
    this.#camera.up.set(0, 0, 1);
    this.#controls = new OrbitControls(this.#camera, renderer.domElement);
    this.#controls.enableZoom = false; // the wheel scrolls the page until the replay has the focus
    this.#controls.addEventListener("change", changed);
    const robot = this.#fill(episode.header.geoms);
    this.#followed = this.#links.indexOf(robot[0]?.parent);
    this.pose(0);
    this.#begun.copy(this.#robot);
    this.ball = ballOf(robot);
    this.square = 10 ** Math.round(Math.log10(this.ball.radius));
    this.#controls.minDistance = this.ball.radius / 5;
    this.#controls.maxDistance = (this.ball.radius * SIGHT) / 2;
    this.#lay(episode.header.geoms.filter(({ kind }) => kind === "plane"));
    this.look("aslant");
  }

  /** Puts all links where they are at a place between frames, and the camera beside them. */
  pose(place) {
    this.#place = place;
    this.#origin.fromArray(this.#episode.originAt(place, this.#xyz));
    this.#links.forEach((link, index) => {
      const [x, y, z, qw, qx, qy, qz] = this.#episode.poseAt(index, place, this.#pose);
      link.position.set(x, y, z).add(this.#origin);
      link.quaternion.set(qx, qy, qz, qw).normalize();
    });
    if (this.#followed >= 0) this.#walk(this.#links[this.#followed].position);
    for (const floor of this.#floors) floor.around(this.#controls.target);
  }

  /** Draws, at half the resolution while it plays on a machine that had been slow at it. */
  render(playing) {
    const now = performance.now();
    const passed = Math.min(now - this.#drawn, 3 * SLOW_MS); // one long wait, as of a tab that was hidden, says nothing
    this.#pace = playing && this.#drawn ? this.#pace + (passed - this.#pace) / 5 : this.#pace;
    this.#drawn = playing ? now : 0;
    this.#slow ||= this.#pace > SLOW_MS;
    if (this.#coarse !== (playing && this.#slow)) {
      this.#coarse = !this.#coarse;
      this.#size();
    }
    this.#renderer.render(this.#scene, this.#camera);
  }

  /** Looks at the robot where it is now, from one of VIEWS. */
  look(view) {
    const around = THREE.MathUtils.degToRad(VIEWS[view].around);
    const above = THREE.MathUtils.degToRad(VIEWS[view].above);
    const narrow = Math.min(1, this.#camera.aspect);
    const far = (ROOM * this.ball.radius) / Math.sin(Math.atan(Math.tan(THREE.MathUtils.degToRad(OPENING / 2)) * narrow));
    const { target } = this.#controls;
    target.copy(this.ball.center);
    target.x += this.#robot.x - this.#begun.x;
    target.y += this.#robot.y - this.#begun.y;
    this.#camera.position.set(
      target.x + far * Math.cos(around) * Math.cos(above),
      target.y + far * Math.sin(around) * Math.cos(above),
      target.z + far * Math.sin(above),
    );
    this.#camera.near = this.ball.radius / 50;
    this.#camera.far = this.ball.radius * SIGHT * 2;
    this.#camera.updateProjectionMatrix();
    this.#controls.update();
    this.pose(this.#place);
  }

  resize(width, height) {
    [this.#width, this.#height] = [width, height];
    this.#size();
    this.#camera.aspect = width / height;
    this.#camera.updateProjectionMatrix();
  }

  /** Whether the wheel brings the camera nearer, rather than scrolling the page. */
  set zoom(zoom) {
    this.#controls.enableZoom = zoom;
  }

  paint(colours) {
    const paper = new THREE.Color(colours.paper);
    this.#scene.background = paper;
    this.#scene.fog = new THREE.Fog(paper, (this.ball.radius * SIGHT) / 4, this.ball.radius * SIGHT);
    for (const floor of this.#floors) floor.paint(colours);
  }

  dispose() {
    this.#controls.dispose();
    this.#shapes.dispose();
    for (const floor of this.#floors) floor.dispose();
    this.#renderer.dispose();
    this.#renderer.forceContextLoss(); // a browser has few contexts, and would keep this one until it collects garbage
  }

  /** Draws all but planes, and gives back what is to be looked at: what moves and is no mere mark, which one sees through. */
  #fill(geoms) {
    this.undrawn = [];
    const [robot, others] = [[], []];
    for (const geom of geoms.filter(({ kind }) => kind !== "plane")) {
      const object = this.#shapes.drawn(geom);
      if (!object) {
        this.undrawn.push(geom);
        continue;
      }
      (geom.link < 0 ? this.#scene : this.#links[geom.link]).add(object);
      (geom.link >= 0 && geom.colour[3] === 1 ? robot : others).push(object);
    }
    return robot.length ? robot : others;
  }

  #size() {
    this.#renderer.setPixelRatio(Math.min(devicePixelRatio, 2) / (this.#coarse ? 2 : 1));
    this.#renderer.setSize(this.#width, this.#height, false);
  }

  #lay(planes) {
    this.#floors = planes.map((plane) => new Floor(plane, this.square, this.ball.radius * SIGHT));
    planes.forEach(({ link }, index) => {
      (link < 0 ? this.#scene : this.#links[link]).add(this.#floors[index].group);
    });
  }

  /** Over the ground alone: a camera that went up and down with every hop would hide the hops. */
  #walk(there) {
    const x = there.x - this.#robot.x;
    const y = there.y - this.#robot.y;
    if (!Number.isFinite(x + y)) return;
    this.#robot.copy(there);
    if (!this.follow) return;
    for (const point of [this.#camera.position, this.#controls.target]) {
      point.x += x;
      point.y += y;
    }
  }
}

function lights() {
  const sky = new THREE.HemisphereLight(0xffffff, 0x8a8a8a, 0.6 * Math.PI);
  sky.position.set(0, 0, 1);
  const sun = new THREE.DirectionalLight(0xffffff, 0.6 * Math.PI);
  sun.position.set(2, -3, 5);
  return [sky, sun];
}

/** The ball around objects; of a metre where there are none. */
function ballOf(objects) {
  const box = new THREE.Box3();
  for (const object of objects) {
    object.updateWorldMatrix(true, false);
    box.expandByObject(object);
  }
  const ball = box.getBoundingSphere(new THREE.Sphere());
  return ball.radius > 0 ? ball : new THREE.Sphere(new THREE.Vector3(), 1);
}
