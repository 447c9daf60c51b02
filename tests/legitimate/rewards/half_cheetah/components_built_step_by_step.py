def compute_reward(forward_velocity, torso_height):
    components = {}
    components["speed"] = forward_velocity
    components.update({"height": torso_height})
    components.setdefault("stay", np.ones_like(torso_height))
    for name in list(components.keys()):
        components[name] = np.clip(components[name], -1, 1)
    total = np.stack(list(components.values()), axis=0).sum(axis=0)
    return total, components
