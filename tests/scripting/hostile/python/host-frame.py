# attempts: reach frames through an exception
# expected: exception
try:
    1 / 0
except Exception as error:
    result = error.__traceback__.tb_frame.f_globals
