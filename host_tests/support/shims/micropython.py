"""MicroPython's `micropython` as a port without emitters has it: native and viper code is a SyntaxError."""


def const(value):
    return value


def opt_level(level=0):
    return 0


def heap_lock():
    pass


def heap_unlock():
    return 0


def mem_info(verbose=None):
    pass


def alloc_emergency_exception_buf(size):
    pass


def schedule(function, argument):
    function(argument)


def __getattr__(name):
    # CPython evaluates the decorator before the annotations, so viper's ptr8 need not exist
    if name in ("native", "viper"):
        raise SyntaxError("invalid micropython decorator")
    raise AttributeError(name)
