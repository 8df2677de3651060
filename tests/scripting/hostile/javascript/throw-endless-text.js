// attempts: loop for ever while the exception is described
// expected: exception|time-limit
// limits: seconds=0.5
throw { toString() { while (true); }, get message() { while (true); } };
