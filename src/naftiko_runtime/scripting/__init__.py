"""Runs scripts of a document in isolation.

* :mod:`naftiko_runtime.scripting.script_program`: what a script is, its limits, and its errors. Values only.
* :mod:`naftiko_runtime.scripting.pool`: runs programs in worker processes. It is what a caller needs.
* :mod:`naftiko_runtime.scripting.worker`: the program of a worker process, with one module for each language.

Three barriers separate a script from this process. It runs in an interpreter that offers no file, network or process,
inside a memory-safe engine (WebAssembly for JavaScript, Rust for Python), inside a process of its own that has
no environment and may open nothing. ADR 25 has the reasons and the measurements.
"""
