MASS, GRAVITY, INERTIA = 3.5, 9.81, 0.2

def energies(height, v_x, v_z, omega):
    kinetic = 0.5 * MASS * (v_x ** 2 + v_z ** 2)
    rotational = 0.5 * INERTIA * omega ** 2
    potential = MASS * GRAVITY * height
    return kinetic, rotational, potential

def compute_reward(torso_height, forward_velocity, vertical_velocity, torso_angular_velocity):
    kinetic, rotational, potential = energies(torso_height, forward_velocity, vertical_velocity, torso_angular_velocity)
    share = rotational / (kinetic + rotational + potential + 1e-6)
    return share + 0.01 * potential, {"share": share, "potential": 0.01 * potential}
