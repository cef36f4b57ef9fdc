// Message bodies and structs, generated from contracts/shared. Every contract's file carries the same ones;
// they are taken from JobEscrow's.
export * from "../build/JobEscrow/JobEscrow_JobEscrow";
