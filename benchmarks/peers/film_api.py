"""A function as the catalogue's are: FastAPI behind Mangum, with a validated answer."""

from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel


class Title(BaseModel):
    title_id: str
    name: str
    duration_seconds: float
    tags: list[str]


app = FastAPI()


@app.get("/v1/titles/{title_id}")
def title(title_id: str) -> Title:
    return Title(title_id=title_id, name="A Film", duration_seconds=5400.0, tags=["drama"] * 20)


handler = Mangum(app, lifespan="off")
