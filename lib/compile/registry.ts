/** The compiled functions of this thread, for `torch.compiler.reset()`. */

interface Resettable {
  reset(): void;
}

const compiled = new Set<WeakRef<Resettable>>();
const collected = new FinalizationRegistry<WeakRef<Resettable>>((reference) => compiled.delete(reference));

export function registerCompiled(func: Resettable): void {
  const reference = new WeakRef(func);
  compiled.add(reference);
  collected.register(func, reference);
}

export function resetCompiled(): void {
  for (const reference of compiled) reference.deref()?.reset();
}
