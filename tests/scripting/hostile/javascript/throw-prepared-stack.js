// attempts: loop for ever when a stack is made
// expected: exception|time-limit
// limits: seconds=0.5
Error.prepareStackTrace = () => { while (true); };
null.x;
