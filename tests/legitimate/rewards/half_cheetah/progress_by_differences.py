DT = 0.05
def compute_reward(x_position, prev_x_position, torso_height, prev_torso_height, time):
    progress = (x_position - prev_x_position) / DT
    rise = (torso_height - prev_torso_height) * (1 + time)
    return progress + rise, {"progress": progress, "rise": rise}
