// attempts: reach a host object through the context
// expected: exception
result = context.constructor.constructor('return process.mainModule.require("fs")')();
