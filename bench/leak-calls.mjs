// One call of every transform, and one whose function throws. leaks.mjs repeats them and measures what they leave behind.

/** @typedef {import('../dist/index.js').Tensor} Tensor */
/** @typedef {(x: Tensor) => unknown} Call */

/** @param {typeof import('../dist/index.js')} torch @returns {Map<string, () => void>} */
export function leakCalls(torch) {
  const { func, vmap } = torch;
  const x = torch.tensor([1, 2]);
  const m = torch.ones(3, 2);
  const f = (/** @type {Tensor} */ t) => t.sin();
  const loss = (/** @type {Tensor} */ t) => t.sin().mul(t).sum();
  /** @type {(t: Tensor) => Tensor} */
  const failing = (t) => {
    t.sin();
    throw new RangeError('no');
  };
  const caught = (/** @type {() => unknown} */ call) => () => {
    try {
      call();
    } catch {
      // Expected.
    }
  };
  const linear = new torch.nn.Linear(2, 2);
  const parameters = Object.fromEntries([...linear.namedParameters()].map(([name, p]) => [name, p.detach()]));
  const [, kept] = func.vjp(f, x);
  const [, linearized] = func.linearize(f, x);

  const compiled = torch.compile(func.grad(loss));
  const recorded = torch.compile(loss);
  // With a tensor from outside, and `this`.
  const holder = { run: torch.compile((/** @type {any} */ list) => [list[0].mul(list[1].t), x]) };
  const containers = holder.run;
  const changing = torch.compile((/** @type {Tensor[]} */ list) => list.push(list[0].mul(2)));

  /** @type {Record<string, Call>} */
  const transforms = {
    grad: func.grad(loss),
    gradAndValue: func.gradAndValue(loss),
    vjp: (t) => func.vjp(f, t)[1](t),
    vjpFn: (t) => kept(t),
    jvp: (t) => func.jvp(f, [t], [t]),
    vmap: (t) => vmap(f)(t),
    jacrev: func.jacrev(f),
    jacfwd: func.jacfwd(f),
    hessian: func.hessian(loss),
    linearize: (t) => func.linearize(f, t),
    jvpFn: (t) => linearized(t),
    functionalize: func.functionalize((t) => t.clone().mul_(2)),
    functionalCall: (t) => func.functionalCall(linear, parameters, t),
    'vmap of grad': () => vmap(func.grad(loss))(m),
    'vmap in chunks': () => vmap(f, { chunkSize: 2 })(m),
    'jacrev by rows': func.jacrev(f, { chunkSize: 1 }),
    'share, token lost': (t) => t.share(),
    'share, token used': (t) => torch.fromShared(t.share()),
    'frombuffer of sharedData': (t) => torch.frombuffer(t.sharedData()),
    compile: (t) => compiled(t),
    'compile, recorded each time': (t) => {
      recorded.reset();
      return recorded(t);
    },
    'compile with containers, recorded each time': (t) => {
      containers.reset();
      const list = [t, { t }];
      return containers(list);
    },
    'compile, changed containers': (t) => {
      changing.reset();
      return changing([t]);
    },
  };
  // JavaScript errors, thrown in the user's function.
  /** @type {Record<string, Call>} */
  const failures = {
    grad: func.grad(failing),
    gradAndValue: func.gradAndValue(failing),
    vjp: (t) => func.vjp(failing, t),
    jvp: (t) => func.jvp(failing, [t], [t]),
    vmap: vmap(failing),
    jacrev: func.jacrev(failing),
    jacfwd: func.jacfwd(failing),
    hessian: func.hessian(failing),
    linearize: (t) => func.linearize(failing, t),
    compile: torch.compile(failing),
    functionalize: func.functionalize(failing),
    functionalCall: () => func.functionalCall(linear, parameters, /** @type {any} */ (failing)),
    // Errors of libtorch, at several depths.
    'an operator in vmap of grad': () => vmap(func.grad((t) => t.view(7)))(m),
    'an operator in jacfwd of jacrev': func.hessian((t) => t.view(7)),
    'a level that has ended': (t) => {
      let escaped = t;
      vmap((/** @type {Tensor} */ row) => (escaped = row.mul(2)))(m);
      escaped.add(1);
    },
  };
  /** @type {[string, () => void][]} */
  const entries = [
    ...Object.entries(transforms).map(([name, call]) => /** @type {[string, () => void]} */ ([name, () => call(x)])),
    ...Object.entries(failures).map(
      ([name, call]) => /** @type {[string, () => void]} */ ([`failing: ${name}`, caught(() => call(x))]),
    ),
  ];
  return new Map(entries);
}
