"""What leaves the program: tables as text, structured reports as DICOM."""
