declare module 'asl-validator' {
  interface Result {
    readonly isValid: boolean;
    readonly errorsText: (separator?: string) => string;
  }
  export default function validate(definition: object, options?: { checkPaths?: boolean }): Result;
}
