// Reads the files that docs/contracts/replay.md describes, as views of the bytes that came.

const TYPES = { F32: Float32Array, I16: Int16Array, U16: Uint16Array, U32: Uint32Array };
const DIGEST = /^[0-9a-f]{64}$/;

/** What went wrong, in words for people: `message` and, from whoever knows more, `detail`. */
export class ReplayFault extends Error {
  constructor(message, detail = "") {
    super(message);
    this.detail = detail;
  }
}

/** The bytes at a path of this origin; `received` hears how many have come so far. Throws ReplayFault. */
export async function fetchBytes(path, signal, received = () => {}) {
  const parts = [];
  let length = 0;
  try {
    const response = await fetch(path, { signal, mode: "same-origin" });
    if (!response.ok) throw await refusal(response);
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      received((length += value.length));
    }
  } catch (fault) {
    if (fault instanceof ReplayFault || signal.aborted) throw fault;
    throw new ReplayFault("The server did not answer, or not to the end.", "Is the network there? Then try again.");
  }
  const bytes = new Uint8Array(length);
  let begin = 0;
  for (const part of parts) {
    bytes.set(part, begin);
    begin += part.length;
  }
  return bytes.buffer;
}

async function refusal(response) {
  const problem = await response.json().catch(() => null);
  const message = response.status === 404 ? "There is no replay to show." : `The server answered ${response.status}.`;
  return new ReplayFault(message, typeof problem?.detail === "string" ? problem.detail : "");
}

/** What `read` makes of a file; whatever is wrong with its bytes becomes a ReplayFault. */
function whole(read) {
  try {
    return read();
  } catch (fault) {
    throw new ReplayFault("The replay's file is broken, so it cannot be shown.", fault.message);
  }
}

class Tensors {
  constructor(buffer, name, format) {
    const begin = 8 + new DataView(buffer).getUint32(0, true);
    const { __metadata__: metadata, ...index } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, begin - 8)));
    this.header = JSON.parse(metadata[name]);
    if (this.header.format !== format) throw new Error(`expected ${format}, got ${this.header.format}`);
    this.view = (tensor, length) => {
      if (!Object.hasOwn(index, tensor)) throw new Error(`expected a tensor ${tensor}, found none`);
      const { dtype, data_offsets: [first, last] } = index[tensor];
      const Type = TYPES[dtype];
      const view = new Type(buffer, begin + first, (last - first) / Type.BYTES_PER_ELEMENT);
      if (length !== undefined && view.length !== length) {
        throw new Error(`expected ${length} numbers in ${tensor}, got ${view.length}`);
      }
      return view;
    };
  }
}

/** The meshes that an episode's header names: `[{vertices, faces}]`, none where it names none. */
export async function fetchMeshes(folder, digest, signal) {
  if (digest === null || !DIGEST.test(digest)) return [];
  const buffer = await fetchBytes(`${folder}/${digest}`, signal);
  return whole(() => {
    const tensors = new Tensors(buffer, "meshes", "rewardsmith-meshes-1");
    return tensors.header.meshes.map((_, i) => ({
      vertices: tensors.view(`${i}.vertices`),
      faces: tensors.view(`${i}.faces`),
    }));
  });
}

/** One number over time: `name`, what `kind` it is, and its value at each frame, undefined before there is one. */
class Track {
  #values;
  #first;
  #size;
  #entry;

  constructor(kind, name, values, first, size = 1, entry = 0) {
    this.key = `${kind} ${name}`;
    this.kind = kind;
    this.name = name;
    this.#values = values;
    this.#first = first;
    this.#size = size;
    this.#entry = entry;
    Object.freeze(this);
  }

  at(frame) {
    return frame < this.#first ? undefined : this.#values[(frame - this.#first) * this.#size + this.#entry];
  }
}

export class Episode {
  /** Fetches an episode. Throws ReplayFault. */
  static async fetch(path, signal, received) {
    const buffer = await fetchBytes(path, signal, received);
    return whole(() => new Episode(new Tensors(buffer, "replay", "rewardsmith-replay-2")));
  }

  constructor(tensors) {
    this.header = tensors.header;
    this.dt = this.header.dt;
    this.origin = tensors.view("origin");
    this.frames = this.origin.length / 3;
    const links = this.header.links.length;
    if (!(this.dt > 0 && this.frames >= 1)) throw new Error("expected frames, and the seconds between them");
    if (this.header.geoms.some(({ link }) => !(link >= -1 && link < links))) throw new Error("a geom has no link");
    this.resolution = tensors.view("resolution", links);
    this.links = tensors.view("links", links * 7 * this.frames);
    this.tracks = Object.freeze([...this.#tracks(tensors)]);
    Object.freeze(this); // so that Vue leaves it as it is
  }

  get seconds() {
    return (this.frames - 1) * this.dt;
  }

  /** The frame nearest to a time. */
  frameAt(seconds) {
    return Math.min(Math.max(Math.round(seconds / this.dt), 0), this.frames - 1);
  }

  /** Where the first link is at a place between frames, into `xyz`. */
  originAt(place, xyz) {
    const [frame, next, rest] = this.#around(place);
    for (let axis = 0; axis < 3; axis++) {
      const from = this.origin[3 * frame + axis];
      xyz[axis] = from + (this.origin[3 * next + axis] - from) * rest;
    }
    return xyz;
  }

  /** A link's pose from `origin` at a place between frames, into `pose`: x, y, z, then a quaternion w, x, y, z of any length. */
  poseAt(link, place, pose) {
    const [frame, next, rest] = this.#around(place);
    const begin = 7 * link * this.frames;
    let product = 0;
    for (let part = 3; part < 7; part++) {
      const row = begin + part * this.frames;
      product += this.links[row + frame] * this.links[row + next];
    }
    for (let part = 0; part < 7; part++) {
      const row = begin + part * this.frames;
      const unit = part < 3 ? this.resolution[link] : 1;
      const sign = part >= 3 && product < 0 ? -1 : 1; // q and -q are one turn: the nearer of them is meant
      pose[part] = unit * (this.links[row + frame] * (1 - rest) + sign * this.links[row + next] * rest);
    }
    return pose;
  }

  #around(place) {
    const frame = Math.min(Math.max(Math.floor(place + 1e-6), 0), this.frames - 1);
    return [frame, Math.min(frame + 1, this.frames - 1), Math.max(place - frame, 0)];
  }

  *#tracks(tensors) {
    const steps = this.frames - 1;
    for (const name of this.header.components) {
      yield new Track("component", name, tensors.view(`component.${name}`, steps), 1);
    }
    yield new Track("reward", "total reward", tensors.view("rewards", steps), 1);
    for (const name of this.header.variables) {
      const values = tensors.view(`variable.${name}`);
      const size = values.length / this.frames;
      if (!Number.isInteger(size)) throw new Error(`variable ${name} has no value for each frame`);
      for (let entry = 0; entry < size; entry++) {
        // A variable of one number and a vector of one are told alike.
        yield new Track("variable", size === 1 ? name : `${name}[${entry}]`, values, 0, size, entry);
      }
    }
  }
}
