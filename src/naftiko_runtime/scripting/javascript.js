// Runs in a fresh realm before any script, and keeps what it uses: a script can replace every global later.
(() => {
  "use strict";
  const { parse, stringify, rawJSON } = JSON;
  const { isSafeInteger, isFinite } = Number;
  const isView = ArrayBuffer.isView;
  const TypeErrorOfRealm = TypeError;
  const text = String;
  const integer = /^-?[0-9]+$/;
  const test = RegExp.prototype.test.call.bind(RegExp.prototype.test);
  const kinds = [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error, ArrayBuffer, DataView];

  // Integers that a number cannot hold arrive as BigInt, so that no digit is lost.
  const keepDigits = (key, value, { source }) =>
    typeof value === "number" && !isSafeInteger(value) && test(integer, source) ? BigInt(source) : value;

  const refuse = (key, what) => {
    throw new TypeErrorOfRealm(key === "" ? `it is ${what}` : `'${text(key)}' is ${what}`);
  };

  const check = (key, value) => {
    switch (typeof value) {
      case "bigint":
        return rawJSON(text(value));
      case "number":
        return isFinite(value) ? value : refuse(key, text(value));
      case "function":
      case "symbol":
        return refuse(key, `a ${typeof value}`);
      case "object":
        if (value === null) return value;
        if (isView(value)) return refuse(key, "binary data");
        for (let at = 0; at < kinds.length; at++)
          if (value instanceof kinds[at]) return refuse(key, `a ${kinds[at].name}`);
    }
    return value;
  };

  const setContext = (hasLongIntegers, variables, json) => {
    const context = hasLongIntegers === "1" ? parse(json, keepDigits) : parse(json);
    globalThis.context = context;
    for (const [variable, member] of parse(variables)) globalThis[variable] = context[member] ?? null;
  };

  // Called indirectly: the text is global code, not strict, and sees nothing of this function.
  const evaluate = eval;
  const split = Function.prototype.call.bind(String.prototype.split);

  // One text with all that a run needs, because each value that crosses the border of the engine costs time.
  // The parts before the script are JSON, so they contain no NUL. Returns a function that gives the result.
  return (task) => {
    const [hasLongIntegers, variables, json] = split(task, "\0", 3);
    setContext(hasLongIntegers, variables, json);
    const readResult = evaluate(task.slice(hasLongIntegers.length + variables.length + json.length + 3));
    return () => stringify(readResult(), check);
  };
})();
