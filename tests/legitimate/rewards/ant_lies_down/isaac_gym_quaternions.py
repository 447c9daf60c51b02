import numpy as np

def normalize(x, eps: float = 1e-9):
    return x / np.clip(np.linalg.norm(x, axis=-1), eps, None)[:, None]

def quat_conjugate(a):
    shape = a.shape
    a = a.reshape(-1, 4)
    return np.concatenate((a[:, 0:1], -a[:, 1:]), axis=-1).reshape(shape)

def quat_mul(a, b):
    assert a.shape == b.shape
    shape = a.shape
    a = a.reshape(-1, 4)
    b = b.reshape(-1, 4)
    w1, x1, y1, z1 = a[:, 0], a[:, 1], a[:, 2], a[:, 3]
    w2, x2, y2, z2 = b[:, 0], b[:, 1], b[:, 2], b[:, 3]
    ww = (z1 + x1) * (x2 + y2)
    yy = (w1 - y1) * (w2 + z2)
    zz = (w1 + y1) * (w2 - z2)
    xx = ww + yy + zz
    qq = 0.5 * (xx + (z1 - x1) * (x2 - y2))
    w = qq - ww + (z1 - y1) * (y2 - z2)
    x = qq - xx + (x1 + w1) * (x2 + w2)
    y = qq - yy + (w1 - x1) * (y2 + z2)
    z = qq - zz + (z1 + y1) * (w2 - x2)
    return np.stack([w, x, y, z], axis=-1).reshape(shape)

def quat_rotate(q, v):
    q_w = q[:, 0]
    q_vec = q[:, 1:]
    a = v * (2.0 * q_w ** 2 - 1.0)[:, None]
    b = np.cross(q_vec, v) * q_w[:, None] * 2.0
    c = q_vec * (q_vec * v).sum(axis=-1)[:, None] * 2.0
    return a + b + c

def compute_reward(torso_orientation, torso_velocity, torso_height):
    q = normalize(torso_orientation)
    up_vec = np.tile(np.array([0.0, 0.0, 1.0], dtype=np.float32), (q.shape[0], 1))
    up_proj = quat_rotate(q, up_vec)[:, 2]
    local_velocity = quat_rotate(quat_conjugate(q), torso_velocity)
    identity = quat_mul(q, quat_conjugate(q))[:, 0]
    up_reward = np.where(up_proj > 0.93, np.ones_like(up_proj) * 0.5, np.zeros_like(up_proj))
    drift = -np.linalg.norm(local_velocity[:, :2], axis=-1)
    total_reward = up_reward + drift - torso_height + 0.1 * identity
    return total_reward, {"up_reward": up_reward, "drift": drift, "identity": identity}
