/** What the addon tells of an operator. */

/** A parameter of an operator. */
export interface SchemaParameter {
  /** The name in the schema. */
  readonly name: string;
  /** The name in an options object. */
  readonly option: string;
  /** `Tensor`, `int[]`, `Dtype`, ...; `unsupported` for a type without a JavaScript counterpart. */
  readonly type: string;
  readonly allowNull: boolean;
  readonly keywordOnly: boolean;
  readonly isRequired: boolean;
  /** A number may stand for a tensor. */
  readonly numberAsTensor: boolean;
  /** A single number fills a list of this size; 0 if it does not. */
  readonly listSize: number;
}

/** The parameters of an operator in order, and the types of its results. */
export interface OperatorSchema {
  readonly parameters: readonly SchemaParameter[];
  readonly results: readonly string[];
}
