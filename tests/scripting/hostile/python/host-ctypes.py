# attempts: call native code
# expected: exception
import ctypes
ctypes.string_at(0)
