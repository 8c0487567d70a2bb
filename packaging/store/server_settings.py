"""The settings files of the real servers: Orthanc with DICOMweb behind nginx."""

from __future__ import annotations

import getpass
import json
from dataclasses import dataclass
from pathlib import Path

_PLUGIN_FOLDERS = ("/usr/share/orthanc/plugins", "/usr/lib/orthanc")


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports: the two that speak TLS, and those behind them."""

    store: int
    issuer: int
    orthanc: int
    dimse: int
    facade: int
    sign_in: int


def orthanc_settings(state: Path, ports: Ports) -> str:
    """Return Orthanc's JSON: loopback only, no TLS of its own (it crashes), UTF-8, full metadata."""
    found = [path for folder in _PLUGIN_FOLDERS for path in sorted(Path(folder).glob("libOrthancDicomWeb.so*"))]
    plugins = [str(path) for path in found[:1]]
    return json.dumps(
        {
            "Name": "Stand-in store",
            "StorageDirectory": str(state / "orthanc"),
            "IndexDirectory": str(state / "orthanc"),
            "HttpPort": ports.orthanc,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "SslEnabled": False,
            "DicomAet": "STANDIN",
            "DicomPort": ports.dimse,
            "DicomCheckCalledAet": False,
            "DicomAlwaysAllowEcho": True,
            "DicomAlwaysAllowFind": True,
            "DicomAlwaysAllowGet": True,
            "DefaultEncoding": "Utf8",
            "Plugins": plugins,
            "HttpThreadsCount": 16,
            "HttpVerbose": False,
            "HttpCompressionEnabled": False,
            "KeepAlive": True,
            "TcpNoDelay": True,
            "SaveJobs": False,
            "DicomWeb": {
                "Enable": True,
                "Root": "/dicom-web/",
                "EnableWado": False,
                "StudiesMetadata": "Full",
                "SeriesMetadata": "Full",
                "QidoCaseSensitive": True,
            },
        },
        indent=1,
    )


def nginx_settings(state: Path, ports: Ports) -> str:
    """Return nginx's configuration: TLS, client certificates at the store, and the facade's word on every request."""
    temporary = "\n".join(
        f"  {kind}_temp_path {state}/nginx-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    guarded = """
      auth_request /.policy;
      auth_request_set $problem $upstream_http_x_problem;
      error_page 401 = @not_signed_in;
      error_page 403 = @refused;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header Forwarded "for=$remote_addr;host=$http_host;proto=https";
      proxy_set_header X-User $user;"""
    return f"""user {getpass.getuser()};
worker_processes 2;
pid {state}/nginx.pid;
error_log {state}/nginx-error.log warn;
events {{ worker_connections 256; }}
http {{
{temporary}
  access_log {state}/nginx-access.log;
  ssl_certificate {state}/server.pem;
  ssl_certificate_key {state}/server-key.pem;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:1m;
  keepalive_requests 100000;
  proxy_max_temp_file_size 0;
  proxy_buffers 16 64k;
  proxy_buffer_size 64k;
  proxy_busy_buffers_size 256k;
  gzip on;
  gzip_min_length 2000;
  gzip_proxied any;
  gzip_types application/dicom+json application/json application/fhir+json;
  upstream orthanc {{ server 127.0.0.1:{ports.orthanc}; keepalive 16; }}
  upstream facade {{ server 127.0.0.1:{ports.facade}; }}

  server {{
    listen 127.0.0.1:{ports.store} ssl http2;
    ssl_client_certificate {state}/authority.pem;
    ssl_verify_client on;

    location = /.policy {{
      internal;
      proxy_pass http://facade/policy;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-Original-URI $request_uri;
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Client-Subject $ssl_client_s_dn;
    }}
    location /dicom-web/ {{
      limit_except GET {{ deny all; }}{guarded.replace("proxy_set_header X-User $user;", "")}
      proxy_pass http://orthanc;
    }}
    # A thumbnail is what Orthanc lacks.
    location ~ ^/dicom-web/.*/thumbnail$ {{{guarded.replace("$user", '"-"')}
      proxy_pass http://facade;
    }}
    location ~ ^/(fhir|access|faulty)/ {{{guarded.replace("$user", '"-"')}
      proxy_buffering off;
      proxy_pass http://facade;
    }}
    location @not_signed_in {{
      add_header WWW-Authenticate 'Bearer error="invalid_token"' always;
      default_type application/problem+json;
      return 401 '{{"status":401,"code":"$problem"}}';
    }}
    location @refused {{
      default_type application/problem+json;
      return 403 '{{"status":403,"code":"$problem"}}';
    }}
    location / {{ return 404; }}
  }}

  server {{
    listen 127.0.0.1:{ports.issuer} ssl http2;
    location / {{
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_pass http://127.0.0.1:{ports.sign_in};
    }}
  }}
}}
"""
