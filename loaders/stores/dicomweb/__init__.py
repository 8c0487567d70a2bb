"""An image store over DICOMweb (PS3.18) as a source of images."""
