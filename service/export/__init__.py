"""What a run leaves behind as files that need nothing of ours: reward, wrapper, policy, report, every candidate.

Reads a `RunRecord` and the artifacts; imports schema, envs, store and artifacts, never training or a model.
"""
