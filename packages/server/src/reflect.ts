// tsyringe needs the metadata polyfill before its first decorator runs: import this file first.
import 'reflect-metadata'
