/** Overwrites what was given; undefined means "not given", null means "cleared". */
export function amend<T extends object>(
  record: T,
  changes: { readonly [K in keyof T]?: T[K] | undefined }
) {
  for (const key in changes) {
    const value = changes[key]
    if (value !== undefined) record[key] = value as T[typeof key]
  }
}
