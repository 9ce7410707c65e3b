"""The three posts of the demonstration, in both languages of the platform."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Post:
    title_es: str
    title_en: str
    body_es: str
    body_en: str
    is_pinned: bool = False


NEWS = (
    Post(
        title_es="Bienvenida a la demostración",
        title_en="Welcome to the demonstration",
        body_es=(
            "Las doce radiografías con la palabra **SYNTHETIC** fueron dibujadas por un programa: "
            "no son de ninguna persona y lo que el modelo diga de ellas no significa nada.\n\n"
            "La película *RG1* es real y pública; viene con el paquete `pydicom-data`."
        ),
        body_en=(
            "The twelve radiographs with the word **SYNTHETIC** were drawn by a program: they are "
            "of no person, and what the model says about them means nothing.\n\n"
            "The film *RG1* is real and public; it comes with the package `pydicom-data`."
        ),
        is_pinned=True,
    ),
    Post(
        title_es="Cómo se recorre el camino completo",
        title_en="How to walk the whole path",
        body_es=(
            "1. Entrar como personal de salud y subir una radiografía.\n"
            "2. Ver el resultado, que aparece solo.\n"
            "3. Entrar como médico y cargar la RT-PCR.\n"
            "4. Entrar como investigador y descargar los casos confirmados."
        ),
        body_en=(
            "1. Sign in as a health worker and upload a radiograph.\n"
            "2. See the result, which appears by itself.\n"
            "3. Sign in as a doctor and record the RT-PCR.\n"
            "4. Sign in as a researcher and download the confirmed cases."
        ),
    ),
    Post(
        title_es="Lo que este modelo no puede hacer",
        title_en="What this model cannot do",
        body_es=(
            "El modelo base aprendió de una colección pública y pequeña. **No diagnostica**: la "
            "última palabra la tiene siempre la RT-PCR."
        ),
        body_en=(
            "The baseline model learnt from a small public collection. **It does not diagnose**: "
            "the RT-PCR always has the last word."
        ),
    ),
)
