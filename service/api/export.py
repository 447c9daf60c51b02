"""The export of a run as a zip."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from envs.errors import EnvironmentUnknown
from service.api.deps import CurrentArtifacts, CurrentDataFolder, CurrentStore, RunId
from service.api.errors import COMMON, MISSING, ExportUnavailable
from service.baselines.stored import baseline_of

router = APIRouter(prefix="/runs/{run_id}/export", tags=["runs"], responses={**COMMON, **MISSING})


@router.get(
    "",
    operation_id="exportRun",
    summary="Download a run's reward, policy and report",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
            "description": "A zip.",
        }
    },
)
def export_run(
    run_id: RunId, store: CurrentStore, artifacts: CurrentArtifacts, data_folder: CurrentDataFolder
) -> StreamingResponse:
    """A zip, sent while it is made. 404 of type `export-unavailable` where the environment has no card here any more."""
    from service.export.bundle import stream_export  # it draws pictures: loaded by those who ask for them

    run = store.get_run(run_id)
    baseline = baseline_of(run, data_folder).baseline
    try:
        parts = stream_export(store, artifacts, run_id, baseline)
    except EnvironmentUnknown as error:
        raise ExportUnavailable(
            f"run {run_id} cannot be exported: {run.request.environment} has no card here any more; a release that has it "
            "can export the run"
        ) from error
    return StreamingResponse(
        parts,
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{run_id}.zip"'},
    )
