/**
 * What depends on nothing but a detection's parameters, made once for all units of an engine, of which there may be ten thousand: an engine has its parameters for
 * itself. Rules in words above all, each of which takes some hundred bytes.
 */
export function byParameters<P extends object, T>(make: (parameters: P) => T): (parameters: P) => T {
  const made = new WeakMap<P, T>();
  return (parameters) => {
    let known = made.get(parameters);
    if (known === undefined) {
      known = make(parameters);
      made.set(parameters, known);
    }
    return known;
  };
}
