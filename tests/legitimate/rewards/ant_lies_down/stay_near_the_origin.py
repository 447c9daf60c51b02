RADIUS = 1.0
def compute_reward(torso_position, torso_height):
    distance = np.hypot(torso_position[:, 0], torso_position[:, 1])
    inside = distance <= RADIUS
    outside_cost = np.where(inside, 0.0, distance - RADIUS)
    lying = (torso_height < 0.3) & inside
    return 1.0 * lying - outside_cost, {"lying": lying, "outside": -outside_cost}
