// attempts: reach a host object through constructors
// expected: exception
result = this.constructor.constructor('return process')().env;
