/** The options of gradcheck and gradgradcheck. */

/** The options of both functions. */
interface CommonOptions {
  /** The step of the finite differences; 1e-6 by default. */
  eps?: number;
  /** The absolute tolerance; 1e-5 by default. */
  atol?: number;
  /** The relative tolerance; 1e-3 by default. */
  rtol?: number;
  /** Whether a failed check throws (default); otherwise the result is `false`. */
  raiseException?: boolean;
  /** The allowed difference between two runs of the same backward; 0 by default. */
  nondetTol?: number;
  /** Whether to check undefined gradients and tangents too; true by default. */
  checkUndefinedGrad?: boolean;
  /** Whether gradients must have the dtype of their inputs. */
  checkGradDtypes?: boolean;
  /** Whether to check gradients for a batch of vectors too. */
  checkBatchedGrad?: boolean;
  /**
   * Whether only the specified elements of sparse inputs are variables; by default all are, also those that are 0 and not
   * specified.
   */
  masked?: boolean;
  /** Whether to check along random directions only, which is faster for many elements. */
  fastMode?: boolean;
}

/** The options of {@link gradcheck}. */
export interface GradcheckOptions extends CommonOptions {
  /** Whether to check tangents for a batch of vectors too. */
  checkBatchedForwardGrad?: boolean;
  /** Whether to check forward mode. */
  checkForwardAd?: boolean;
  /** Whether to check reverse mode; true by default. */
  checkBackwardAd?: boolean;
}

/** The options of {@link gradgradcheck}. */
export interface GradgradcheckOptions extends CommonOptions {
  /** Whether the random gradients of the outputs are not contiguous. */
  genNonContigGradOutputs?: boolean;
  /** Whether to check tangents of gradients. */
  checkFwdOverRev?: boolean;
  /** Whether to check gradients of gradients; true by default. */
  checkRevOverRev?: boolean;
}

export const COMMON_OPTIONS = [
  'eps',
  'atol',
  'rtol',
  'raiseException',
  'nondetTol',
  'checkUndefinedGrad',
  'checkGradDtypes',
  'checkBatchedGrad',
  'fastMode',
  'masked',
] as const;
