# attempts: survive the end of the time with finally
# expected: time-limit|exception
# limits: seconds=0.5
def again():
    try:
        while True:
            pass
    finally:
        again()
again()
