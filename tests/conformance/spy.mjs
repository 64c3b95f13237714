// SPDX-License-Identifier: LGPL-2.1-or-later
// Which methods of some classes were called, by whomever.

export class Spy {
  #missing = new Set();

  constructor(classes) {
    for (const [name, each] of Object.entries(classes))
      this.#watch(name, each.prototype);
  }

  #watch(name, prototype) {
    for (const [member, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      const kind = descriptor.get ? "get" : "value";
      const original = descriptor[kind];
      if (member === "constructor" || typeof original !== "function")
        continue;
      const missing = this.#missing.add(`${name}.${member}`);
      descriptor[kind] = function (...values) {
        missing.delete(`${name}.${member}`);
        return original.apply(this, values);
      };
      Object.defineProperty(prototype, member, descriptor);
    }
  }

  /* "Class.method" of those that nobody called. */
  get missing() {
    return [...this.#missing];
  }
}
