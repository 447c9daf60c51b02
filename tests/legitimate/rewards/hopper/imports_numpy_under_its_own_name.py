import numpy
def compute_reward(forward_velocity):
    r = numpy.tanh(forward_velocity / numpy.float32(2.0))
    return r, {"r": r}
