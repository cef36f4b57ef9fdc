import { Command } from "commander";
import "../protocol";
import "../store";
new Command("cocoon").parse();
