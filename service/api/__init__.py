"""The REST API under `/api/v1`: one router per resource. It reads and wishes; the work is done by the orchestrator."""
