#!/usr/bin/env node
require(require("./compile.cjs").compiledProgram());
