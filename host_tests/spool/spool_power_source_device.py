from power_device import Bench

benches = {}


def bench(kind):
    if kind not in benches:
        benches[kind] = Bench(kind)
    return benches[kind]


def cuts(kind):
    return len(bench(kind).cuts)


def run(kind, first, step, tear):
    made = bench(kind)
    made.others = {}
    made.lost = made.unreadable = made.damaged = 0
    tried = made.run(first, step, (tear,), 1000 * first + tear)
    return tried, list(made.others), made.lost, made.unreadable, made.damaged


def live(kind, cut):
    return bench(kind).live(cut)
