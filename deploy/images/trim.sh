#!/bin/sh
# Takes out of the installed packages what no process of ours opens: tests, C headers, Arrow's RPC, other AWS services.
set -eu
cd /app/lib/python3.*/site-packages
find . -type d \( -name tests -o -path ./pyarrow/include -o -path ./numpy/_core/include \) -prune -exec rm -rf {} +
rm -f pyarrow/libarrow_flight* pyarrow/_flight* pyarrow/libarrow_python_flight*
find botocore/data -mindepth 1 -maxdepth 1 -type d ! -name s3 ! -name sts ! -name 'sso*' -exec rm -rf {} +
