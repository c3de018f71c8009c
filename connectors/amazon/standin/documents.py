"""The stand-in's document store: pre-signed addresses that live five minutes, for feeds and reports alike."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import quote

from connectors.sandbox import Request, Response, Router, Sandbox

DOCUMENTS = Router()
KIND = "documents"
STORE = "/document-store/"
"""Addresses that begin so carry their permission in the query: neither token nor usage plan applies."""
LIFE = timedelta(minutes=5)
FOREIGN = ("x-amz-access-token", "authorization", "x-amz-security-token")
_KEY = b"the stand-in signs its own addresses"


def address(box: Sandbox, document_id: str, *, method: str = "GET", content_type: str = "") -> str:
    """A pre-signed address for one download, or for one upload with exactly this content type."""
    until = (box.now() + LIFE).isoformat(timespec="seconds")
    signature = _signature(document_id, method, content_type, until)
    return f"{box.url}{STORE}{quote(document_id, safe='')}?X-Amz-Expires={quote(until)}&X-Amz-Signature={signature}"


def expect(box: Sandbox, document_id: str, content_type: str) -> str:
    """Makes an empty document; answers the address to which its content is uploaded."""
    box.book.put(KIND, document_id, {"ContentType": content_type})
    return address(box, document_id, method="PUT", content_type=content_type)


def store(box: Sandbox, document_id: str, content: bytes, *, content_type: str = "text/plain; charset=UTF-8", zipped: bool = True) -> None:
    """Keeps a document made by Amazon itself, compressed as most of its reports are."""
    raw = gzip.compress(content, mtime=0) if zipped else content
    row = {"ContentType": content_type, "Content": base64.b64encode(raw).decode()}
    box.book.put(KIND, document_id, {**row, **({"Compression": "GZIP"} if zipped else {})})


def described(box: Sandbox, document_id: str, name: str) -> dict[str, str] | None:
    """The answer of getFeedDocument or getReportDocument with a new address; None when there is no such document.

    `name`: "feedDocumentId" or "reportDocumentId".
    """
    row = box.book.get(KIND, document_id)
    if row is None or "Content" not in row:
        return None
    found = {name: document_id, "url": address(box, document_id)}
    return {**found, "compressionAlgorithm": row["Compression"]} if "Compression" in row else found


def content(box: Sandbox, document_id: str) -> bytes | None:
    """What was uploaded or stored, unzipped; None when nothing was."""
    row = box.book.get(KIND, document_id)
    if row is None or "Content" not in row:
        return None
    raw = base64.b64decode(row["Content"])
    return gzip.decompress(raw) if "Compression" in row else raw


@DOCUMENTS.on("PUT", "/document-store/{document_id}")
def upload(box: Sandbox, request: Request) -> Response:
    """Takes the content of an expected document."""
    document_id, content_type = request.params["document_id"], request.headers.get("content-type", "")
    refused = _refused(box, request, content_type)
    if refused:
        return refused
    row = {"ContentType": content_type, "Content": base64.b64encode(request.body).decode()}
    box.book.put(KIND, document_id, row)
    return Response(headers={"ETag": f'"{hashlib.sha256(request.body).hexdigest()[:32]}"'})


@DOCUMENTS.on("GET", "/document-store/{document_id}")
def download(box: Sandbox, request: Request) -> Response:
    """Gives a document as it is kept, compressed or not."""
    refused = _refused(box, request, "")
    if refused:
        return refused
    row = box.book.get(KIND, request.params["document_id"])
    if row is None or "Content" not in row:
        return _error(404, "NoSuchKey", "The specified key does not exist.")
    kind = {"Content-Type": "application/octet-stream" if "Compression" in row else row["ContentType"]}
    return Response(body=base64.b64decode(row["Content"]), headers=kind)


def _refused(box: Sandbox, request: Request, content_type: str) -> Response | None:
    """Why a pre-signed address does not work: a foreign permission beside its own, another content type, or its age."""
    if any(name in request.headers for name in FOREIGN):
        words = "Only one auth mechanism allowed; only the X-Amz-Signature query parameter should be specified."
        return _error(400, "InvalidArgument", words)
    until = request.arg("X-Amz-Expires")
    if request.arg("X-Amz-Signature") != _signature(request.params["document_id"], request.method, content_type, until):
        return _error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
    if box.now() > datetime.fromisoformat(until):
        return _error(403, "AccessDenied", "Request has expired")
    return None


def _signature(document_id: str, method: str, content_type: str, until: str) -> str:
    return hmac.new(_KEY, f"{method}\n{document_id}\n{content_type}\n{until}".encode(), hashlib.sha256).hexdigest()


def _error(status: int, code: str, words: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{words}</Message></Error>'
    return Response(status=status, body=body.encode(), headers={"Content-Type": "application/xml"})
