def compute_reward(torso_height, torso_velocity, joint_velocities):
    terms = np.stack(
        [
            np.exp(-5 * torso_height),
            np.exp(-np.linalg.norm(torso_velocity, axis=-1)),
            np.exp(-0.2 * np.linalg.norm(joint_velocities, axis=-1)),
        ],
        axis=1,
    )
    weights = np.asarray([0.5, 0.3, 0.2])
    total = (terms * weights).sum(axis=1)
    geometric = np.prod(terms, axis=1) ** (1.0 / terms.shape[1])
    names = ("low", "still", "calm")
    return total + geometric, {**{n: terms[:, i] for i, n in enumerate(names)}, "geometric": geometric}
