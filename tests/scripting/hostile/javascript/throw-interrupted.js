// attempts: pretend that a limit was reached
// expected: exception|memory-limit
throw Object.assign(new InternalError('out of memory'));
