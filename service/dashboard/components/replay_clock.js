// The clock of a playback. Replays of one group share one, so they cannot drift apart.

const groups = new Map();

export class Clock {
  #group;
  #members = new Map();
  #position = 0;
  #since = null;
  #speed = 1;

  constructor(group) {
    this.#group = group;
  }

  /** The clock of a group; one of its own where there is no group. */
  static of(group) {
    if (!group) return new Clock(null);
    if (!groups.has(group)) groups.set(group, new Clock(group));
    return groups.get(group);
  }

  /** Has `changed` called when somebody plays, stops, seeks or changes the speed, and lasts `seconds` at least. */
  enter(changed, seconds = 0) {
    this.#members.set(changed, seconds);
  }

  leave(changed) {
    this.#members.delete(changed);
    if (!this.#members.size) groups.delete(this.#group);
  }

  get end() {
    return Math.max(0, ...this.#members.values());
  }

  /** Seconds into the episode at a time of performance.now: told from when it was started, a late frame moves nothing. */
  at(now) {
    const passed = this.#since === null ? 0 : (Math.max(0, now - this.#since) / 1000) * this.#speed;
    return Math.min(this.#position + passed, this.end || Infinity);
  }

  get time() {
    return this.at(performance.now());
  }

  get playing() {
    return this.#since !== null && this.time < this.end;
  }

  get speed() {
    return this.#speed;
  }

  set speed(speed) {
    this.#moveTo(this.time, this.playing);
    this.#speed = speed;
    this.#tell();
  }

  play() {
    this.#moveTo(this.time < this.end ? this.time : 0, true);
    this.#tell();
  }

  pause() {
    this.#moveTo(this.time, false);
    this.#tell();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  seek(seconds) {
    this.#moveTo(Math.max(0, seconds), this.playing);
    this.#tell();
  }

  /** Stops a clock that has come to the end. */
  settle() {
    if (this.#since !== null && !this.playing) this.pause();
  }

  #moveTo(seconds, playing) {
    this.#position = seconds;
    this.#since = playing ? performance.now() : null;
  }

  #tell() {
    for (const changed of this.#members.keys()) changed();
  }
}
