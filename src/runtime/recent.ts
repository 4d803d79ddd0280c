/** Things by name, at most so many of them: those that were not asked for lately are forgotten. */
export interface Recent<T> {
  get(name: string): T | undefined
  set(name: string, thing: T): void
  forget(which: (name: string) => boolean): void
}

/** Half of them go at once, save what was used since: that costs less than to know the order of use. */
export function makeRecent<T>(size: number): Recent<T> {
  let young = new Map<string, T>()
  let old = new Map<string, T>()

  function set(name: string, thing: T): void {
    young.set(name, thing)
    if (young.size <= size / 2) return
    young.delete(name)
    old = young
    young = new Map([[name, thing]])
  }

  return {
    set,
    get(name) {
      const thing = young.get(name)
      if (thing !== undefined) return thing
      const older = old.get(name)
      if (older !== undefined) set(name, older)
      return older
    },
    forget(which) {
      for (const all of [young, old])
        for (const name of all.keys()) if (which(name)) all.delete(name)
    }
  }
}
